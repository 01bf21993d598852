-- wrk: every request asks for an address nobody asked for before, so no ready page answers it.
local asked = 0
request = function()
  asked = asked + 1
  local separator = wrk.path:find("?", 1, true) and "&" or "?"
  return wrk.format(nil, wrk.path .. separator .. "afresh=" .. asked)
end
