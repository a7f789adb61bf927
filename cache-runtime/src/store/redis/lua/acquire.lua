-- Puts a lease at each key where nothing is: SET NX GET for servers before 7.0, where the two options exclude each other, and for
-- those of which it is not known whether they can store what the lease is for.
-- KEYS the keys; ARGV[1] a lease's time to live in milliseconds, and then a lease for each. Gives for each what was there, nil where
-- nothing was, or 0 where it is no string.
-- Whoever may not compare cannot store, and not give back either: a lease would only be in the way.
local compared = redis.pcall('GETRANGE', KEYS[1], '0', '16')
if type(compared) == 'table' and not string.find(compared.err, 'WRONGTYPE', 1, true) then
  return compared
end
local found = {}
for i, key in ipairs(KEYS) do
  if redis.call('SET', key, ARGV[i + 1], 'NX', 'PX', ARGV[1]) then
    found[i] = false
  else
    local there = redis.pcall('GET', key)
    found[i] = type(there) == 'string' and there or 0
  end
end
return found
