-- Gives what stands at a key, of whatever type, and how long it has left; where nothing is, puts a lease there if there is one.
-- KEYS[1] the key; ARGV[1] the lease or '', ARGV[2] its time to live in milliseconds.
-- Gives a number for the type, the content, and the milliseconds left.
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then
  if ARGV[1] ~= '' then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  end
  return { 0, '', -2 }
end
local left = redis.call('PTTL', KEYS[1])
if kind == 'string' then
  return { 1, redis.call('GET', KEYS[1]), left }
elseif kind == 'hash' then
  return { 2, redis.call('HGETALL', KEYS[1]), left }
elseif kind == 'set' then
  return { 3, redis.call('SMEMBERS', KEYS[1]), left }
elseif kind == 'zset' then
  return { 4, redis.call('ZRANGE', KEYS[1], '0', '-1', 'WITHSCORES'), left }
elseif kind == 'list' then
  return { 5, redis.call('LRANGE', KEYS[1], '0', '-1'), left }
end
return { 6, '', left }
