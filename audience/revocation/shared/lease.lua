-- Takes a lease, or renews it for the one who has it. Keys: the lease. Arguments: who asks,
-- and for how many milliseconds. It answers 1 if the lease is theirs now, else 0.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
	return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
