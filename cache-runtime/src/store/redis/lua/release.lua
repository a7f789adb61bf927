-- Removes the value only if it still begins with the mark, a state and a nonce.
-- KEYS[1] the key; ARGV[1] the mark.
if redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return 0
end
return redis.call('UNLINK', KEYS[1])
