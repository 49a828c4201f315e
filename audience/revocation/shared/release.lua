-- Gives a lease back. Keys: the lease. Arguments: who had it.
if redis.call('GET', KEYS[1]) == ARGV[1] then
	redis.call('DEL', KEYS[1])
end
return 1
