-- Replaces each value only if it still begins with its mark: swap.lua for several keys, each for itself.
-- KEYS the keys; ARGV for each of them the mark, the new value, and its time to live in milliseconds, or '' for none.
local done = {}
for i, key in ipairs(KEYS) do
  local at = 3 * i
  -- Of another type: an error, which is no mark.
  if redis.pcall('GETRANGE', key, '0', '16') ~= ARGV[at - 2] then
    done[i] = 0
  else
    if ARGV[at] == '' then
      redis.call('SET', key, ARGV[at - 1])
    else
      redis.call('SET', key, ARGV[at - 1], 'PX', ARGV[at])
    end
    done[i] = 1
  end
end
return done
