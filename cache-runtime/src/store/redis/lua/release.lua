-- Removes each value only if it still begins with its mark, a state and a nonce.
-- KEYS the keys; ARGV a mark for each. Gives how many it has removed.
local removed = 0
for i, key in ipairs(KEYS) do
  -- Positions as text: a number would be printed, as floating point, at each call. Of another type: an error, which is no mark.
  if redis.pcall('GETRANGE', key, '0', '16') == ARGV[i] then
    if type(redis.pcall('UNLINK', key)) == 'table' then
      redis.call('DEL', key)
    end
    removed = removed + 1
  end
end
return removed
