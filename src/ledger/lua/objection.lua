local over = closedBy()
if over == 'resolved' then return 'resolved' end
if over then return 'acknowledged' end
if args.dedupeMs == 0 then return 'none' end
local id, rank = claimHolder(args.lane, nowMs())
if id and rank >= args.rank then return { 'duplicate', id } end
return 'none'
