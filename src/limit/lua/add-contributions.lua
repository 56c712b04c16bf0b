local fields = redis.call('HLEN', keys.bucket)
for _, counted in ipairs(args.counts) do
  local field = counted.field
  if redis.call('HEXISTS', keys.bucket, field) == 0 then
    if fields >= MOST_FIELDS then field = counted.collapsed else fields = fields + 1 end
  end
  redis.call('HINCRBY', keys.bucket, field, counted.count)
end
redis.call('PEXPIRE', keys.bucket, CONTRIBUTIONS_TTL_MS)
