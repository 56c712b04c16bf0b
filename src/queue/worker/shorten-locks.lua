local shortened = 0
for _, key in ipairs(keys.locks) do
  if redis.call('PTTL', key) > args.lockMs then
    redis.call('PEXPIRE', key, args.lockMs)
    shortened = shortened + 1
  end
end
return shortened
