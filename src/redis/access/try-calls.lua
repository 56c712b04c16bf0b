-- The keys of the calls are not in KEYS, so that the error names the key that the user may not use; all are in the slot of this one.
local _ = keys.probe
local failed = {}
for i, call in ipairs(cjson.decode(args.calls)) do
  local reply = redis.pcall(unpack(call))
  if type(reply) == 'table' and reply.err then
    failed[#failed + 1] = i
    failed[#failed + 1] = reply.err
  end
end
return failed
