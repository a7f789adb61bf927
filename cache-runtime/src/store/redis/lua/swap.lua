-- Replaces the value only if it still begins with the mark, a state and a nonce.
-- KEYS[1] the key; ARGV[1] the mark, ARGV[2] the new value, ARGV[3] its time to live in milliseconds, or '' for none.
-- Positions as text: a number would be printed, as floating point, at each call.
if redis.call('GETRANGE', KEYS[1], '0', '16') ~= ARGV[1] then
  return 0
end
if ARGV[2] == ARGV[1] and string.byte(ARGV[1]) == 86 then
  -- A value that replaces itself is prolonged. 86 is V.
  return redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
if ARGV[3] == '' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 1
