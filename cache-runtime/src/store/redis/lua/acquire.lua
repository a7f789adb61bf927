-- SET NX GET for servers before 7.0, where the two options exclude each other.
-- KEYS[1] the key; ARGV[1] the lease, ARGV[2] its time to live in milliseconds. Gives what was there, or nil.
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
  return false
end
return redis.call('GET', KEYS[1])
