-- Gives the nonces of tags. A tag that has none gets a new one, and each lives for long enough afterwards.
-- KEYS the tags; ARGV[1] the time that each must have left in milliseconds, or '' for ever, ARGV[2] the time to give to one that
-- has less, and then a new nonce for each.
local nonces = {}
for i, key in ipairs(KEYS) do
  local nonce = redis.pcall('GET', key)
  if type(nonce) == 'string' and #nonce == 16 then
    if ARGV[1] == '' then
      redis.call('PERSIST', key)
    else
      local left = redis.call('PTTL', key)
      if left >= 0 and left < tonumber(ARGV[1]) then
        redis.call('PEXPIRE', key, ARGV[2])
      end
    end
  else
    nonce = ARGV[i + 2]
    if ARGV[1] == '' then
      redis.call('SET', key, nonce)
    else
      redis.call('SET', key, nonce, 'PX', ARGV[2])
    end
  end
  nonces[i] = nonce
end
return nonces
