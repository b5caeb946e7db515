-- SPDX-License-Identifier: Apache-2.0
-- requests.lua: makes wrk send the requests of a file, in turn, and print what came of it as JSON.
--
--     wrk -tTHREADS ... -s requests.lua URL -- FILE THREADS LIMIT PAUSE PATIENT
--
-- FILE has one request a line: method, path, token and body, with tabs between; the last two may be empty.
-- LIMIT: requests that each thread sends before it stops; 0: as many as it can. PAUSE: milliseconds from
-- an answer to the next request. PATIENT: 1: who is told to come back later (503) waits as long as Retry-After
-- says, like the rest of its thread.

local threads = 0

function setup(thread)
	thread:set("number", threads)
	threads = threads + 1
end

local requests = {}
local sent = 0
local count, limit, wait

function init(arguments)
	for line in io.lines(arguments[1]) do
		local method, path, token, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t(.*)$")
		local headers = {}
		if token ~= "" then headers["Authorization"] = "Bearer " .. token end
		if body ~= "" then headers["Content-Type"] = "application/json" end
		requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
	end
	count, limit = tonumber(arguments[2]), tonumber(arguments[3])
	local pause = tonumber(arguments[4])
	if pause > 0 then
		function delay() return pause end
	end
	if arguments[5] == "1" then be_patient() end
end

-- wrk looks at answers only if there is such a function: not for others, it costs time.
function be_patient()
	wait = 0
	function response(status, headers)
		if status == 503 then wait = 1000 * (tonumber(headers["Retry-After"]) or 1) end
	end
	function delay()
		local now = wait
		wait = 0
		return now
	end
end

-- Each thread has requests of its own: those to create would meet otherwise.
function request()
	sent = sent + 1
	if sent == limit then wrk.thread:stop() end
	return requests[((sent - 1) * count + number) % #requests + 1]
end

function done(summary, latency)
	local errors = summary.errors
	io.write(string.format(
		'{"requests": %d, "us": %d, "refused": %d, "broken": %d, "p50_us": %d, "p99_us": %d}\n',
		summary.requests, summary.duration, errors.status,
		errors.connect + errors.read + errors.write + errors.timeout,
		latency:percentile(50), latency:percentile(99)))
end
