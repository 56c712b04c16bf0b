for _, id in ipairs(args.messageIds) do indexEnded(keys.ended, id) end
