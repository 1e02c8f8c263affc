#include "app/cli/command.hpp"

#include <cstdio>
#include <exception>
#include <signal.h>

int main(int argc, char** argv) {
  // A peer that goes away is an error of the write, not the end of the process.
  signal(SIGPIPE, SIG_IGN);
  try {
    return patchbay::app::cli::run_command_line(argc, argv);
  } catch (const std::exception& thrown) {
    std::fprintf(stderr, "error: %s\n", thrown.what());
    return patchbay::app::cli::kFailed;
  }
}
