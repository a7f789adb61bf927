-- Removes what can be no entry, lease or tombstone: another type, or a string that is shorter than a mark.
-- KEYS[1] the key.
local found = redis.pcall('GETRANGE', KEYS[1], 0, 16)
if type(found) == 'string' and #found >= 17 then
  return 0
end
if type(found) == 'table' and not string.find(found.err, 'WRONGTYPE', 1, true) then
  return found
end
local removed = redis.pcall('UNLINK', KEYS[1])
if type(removed) == 'table' then
  return redis.call('DEL', KEYS[1])
end
return removed
