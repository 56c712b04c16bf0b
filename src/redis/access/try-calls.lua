-- The keys of the calls are not among KEYS, so that a user who may not use one of them learns which; all of them are in the slot of this one.
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
