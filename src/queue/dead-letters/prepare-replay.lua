if not redis.call('ZSCORE', keys.failed, args.jobId) then return 'gone' end
if (redis.call('HGET', keys.job, 'data') or '') ~= args.dataBefore then return 'gone' end
redis.call('HSET', keys.job, 'data', args.data, 'name', args.name)
if args.timestamp then redis.call('HSET', keys.job, 'timestamp', args.timestamp) end
redis.call('HDEL', keys.job, 'stc')
return 'prepared'
