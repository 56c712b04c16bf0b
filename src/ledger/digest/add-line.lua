-- Adds a line to the gathering digest. The field name contains the severity, so that a less severe alert never displaces a critical.
local function addLine(severity, line)
  local nth = redis.call('HINCRBY', keys.gathering, severity, 1)
  local seq = redis.call('HINCRBY', keys.gathering, 'seq', 1)
  redis.call('HSET', keys.gathering, 'line:' .. severity .. ':' .. (nth % LINES), seq .. ' ' .. line)
  return redis.call('HINCRBY', keys.gathering, 'count', 1)
end
