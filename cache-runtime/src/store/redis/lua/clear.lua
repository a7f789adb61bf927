-- Removes what can be no entry, lease or tombstone: another type, or a string that is shorter than a mark.
-- KEYS[1] the key.
local found = redis.pcall('GETRANGE', KEYS[1], 0, 16)
if type(found) == 'string' and #found >= 17 then
  return 0
end
return redis.call('UNLINK', KEYS[1])
