-- Runs commands that only read, all of one moment, and gives the answer to each.
-- KEYS their keys; ARGV for each command how many words it has, and these.
local answers, at = {}, 1
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  answers[#answers + 1] = redis.call(unpack(ARGV, at + 1, at + count))
  at = at + count + 1
end
return answers
