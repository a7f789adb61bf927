-- Removes the value only if it still begins with the mark, a state and a nonce.
-- KEYS[1] the key; ARGV[1] the mark.
-- Positions as text: a number would be printed, as floating point, at each call.
if redis.call('GETRANGE', KEYS[1], '0', '16') ~= ARGV[1] then
  return 0
end
return redis.call('UNLINK', KEYS[1])
