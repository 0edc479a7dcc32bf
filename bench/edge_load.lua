-- Sends each code of a file once, as a phone would ask for it. Arguments: file, first code, host.
-- The code file holds codes of eight characters without separators.
local codes, at, before, after

function init(args)
  local file = assert(io.open(args[1], "rb"))
  file:seek("set", tonumber(args[2]) * 8)
  codes = file:read("*a")
  file:close()
  at = 1
  before = "GET /"
  after = table.concat({
    " HTTP/1.1", "Host: " .. args[3],
    "sec-fetch-dest: document",
    "user-agent: Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "sec-fetch-site: none",
    "sec-fetch-mode: navigate",
    "accept-language: en-GB,en;q=0.9",
    "priority: u=0, i",
    "accept-encoding: gzip, deflate, br",
    "connection: keep-alive",
    "", "",
  }, "\r\n")
end

function request()
  local code = string.sub(codes, at, at + 7)
  at = at + 8
  if #code < 8 then wrk.thread:stop() end
  return before .. code .. after
end
