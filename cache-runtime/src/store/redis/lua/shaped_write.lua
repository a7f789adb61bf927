-- Writes, or removes, an entry of whatever type, if what is there still begins with the mark.
-- KEYS[1] the key; ARGV[1] what to do, ARGV[2] the mark, ARGV[3] the time to live in milliseconds or '' for none, and then what is written: the
-- command that adds parts, and its words behind the key. Gives 1 if it has done so.
local key, todo, mark = KEYS[1], ARGV[1], ARGV[2]

-- Whether what is at the key begins with the mark; without one, whether it begins as an entry does.
local function begins()
  local kind, head = redis.call('TYPE', key).ok, false
  if kind == 'string' then
    head = redis.call('GETRANGE', key, '0', '16')
  elseif kind == 'hash' then
    head = redis.call('HGET', key, '@')
  elseif kind == 'zset' then
    local first = redis.call('ZRANGE', key, '0', '0')[1]
    head = string.sub(first, 1, 2) == '\0\0' and string.sub(first, 3)
  elseif kind == 'list' then
    head = redis.call('LINDEX', key, '0')
  elseif kind == 'set' and mark ~= '' then
    return redis.call('SISMEMBER', key, '\2' .. mark) == 1
  elseif kind == 'set' then
    -- It has no place of its own among the members.
    for _, member in ipairs(redis.call('SMEMBERS', key)) do
      -- Without the member that compare-and-set names, nobody could replace it.
      if string.byte(member) == 0 and redis.call('SISMEMBER', key, '\2' .. string.sub(member, 2, 18)) == 1 then
        head = string.sub(member, 2)
      end
    end
  end
  if not head or #head < 17 then
    return false
  elseif mark ~= '' then
    return string.sub(head, 1, 17) == mark
  end
  -- 86 is V. A string may be a lease too, or a value that somebody else has to look at.
  return kind == 'string' or string.byte(head) == 86
end

local function remove()
  if type(redis.pcall('UNLINK', key)) == 'table' then
    redis.call('DEL', key)
  end
end

local function expire()
  if ARGV[3] ~= '' then
    redis.call('PEXPIRE', key, ARGV[3])
  end
end

if todo == 'clear' then
  -- What can be no entry, lease or tombstone.
  if begins() then
    return 0
  end
  remove()
  return 1
end
if todo ~= 'set' and not begins() then
  if todo == 'field' then
    -- Whoever computes the whole now may have read what this field was before.
    remove()
  end
  return 0
end
if todo == 'release' then
  remove()
elseif todo == 'prolong' then
  return redis.call('PEXPIRE', key, ARGV[3])
elseif todo == 'field' then
  -- The time to live stays as it is.
  redis.call('HSET', key, unpack(ARGV, 5))
elseif ARGV[4] == 'SET' then
  redis.call('SET', key, ARGV[5])
  expire()
else
  -- Refused where memory is used up, and then nothing has changed.
  redis.call('SET', key, '')
  remove()
  -- Not all at once: a call has so many words at most.
  for at = 5, #ARGV, 1000 do
    redis.call(ARGV[4], key, unpack(ARGV, at, math.min(at + 999, #ARGV)))
  end
  expire()
end
return 1
