-- Replaces each value only if it still begins with its mark: swap.lua for several keys, each for itself.
-- KEYS the keys; ARGV for each of them the mark, the new value, and its time to live in milliseconds, or '' for none.
local done = {}
for i, key in ipairs(KEYS) do
  local at = 3 * i
  -- Of another type: an error, which is no mark.
  if redis.pcall('GETRANGE', key, '0', '16') ~= ARGV[at - 2] then
    done[i] = 0
  elseif ARGV[at - 1] == ARGV[at - 2] and string.byte(ARGV[at - 2]) == 86 then
    -- A value that replaces itself is prolonged. 86 is V.
    done[i] = redis.call('PEXPIRE', key, ARGV[at])
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
