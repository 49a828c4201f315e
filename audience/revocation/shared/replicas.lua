-- Tells the announcements of the replicas: of each its id, what it says, and its age in
-- milliseconds. Keys: the announcements, and when they were made. Argument: for how long
-- they are kept in milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], string.format('%.0f', now - ARGV[1]), '+inf')) do
	local said = redis.call('HGET', KEYS[1], id)
	if said then
		answer[#answer + 1] = id
		answer[#answer + 1] = said
		answer[#answer + 1] = string.format('%.0f', now - redis.call('ZSCORE', KEYS[2], id))
	end
end
return answer
