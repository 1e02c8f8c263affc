// What lies below /_sandbox: how tests steer the sandbox and ask it for the truth. See README.md for the calls.
#pragma once

#include "tests/sandbox/sandbox.hpp"

namespace patchbay::sandbox {

class Control {
 public:
  explicit Control(Sandbox& sandbox) : sandbox_(sandbox) {}
  http::Response answer(const http::Request& request);

 private:
  using Segments = std::vector<std::string>;
  sdk::Result<json::value> route(const http::Request& request, const Segments& segments);
  sdk::Result<json::value> about();
  sdk::Result<json::value> faults(const http::Request& request, const Segments& segments);
  sdk::Result<json::value> calls(const http::Request& request);
  sdk::Result<json::value> clock(const http::Request& request);
  sdk::Result<json::value> burst(const http::Request& request);
  sdk::Result<json::value> limits(const http::Request& request);
  sdk::Result<json::value> webhooks(const http::Request& request);
  sdk::Result<json::value> records(const http::Request& request, const Segments& segments);
  sdk::Result<json::value> hostile(const http::Request& request);
  http::Response truth(const http::Request& request, const Segments& segments);
  sdk::Result<SandboxService*> get_service(std::string_view name) const;

  Sandbox& sandbox_;
};

}  // namespace patchbay::sandbox
