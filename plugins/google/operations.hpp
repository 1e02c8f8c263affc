// What only Google can do, asked for by name.
#pragma once

#include "calendar.hpp"
#include "drive.hpp"
#include "gmail.hpp"

#include <vector>

namespace patchbay::google {

std::vector<sdk::OperationDescription> describe_operations();

class Operations {
 public:
  Operations(Calendar& calendar, Gmail& gmail, Drive& drive) : calendar_(calendar), gmail_(gmail), drive_(drive) {}
  /// kPermanent "google.unknown_operation" for a name that is not described.
  sdk::Result<sdk::json::value> run(const sdk::CallContext& context, const std::string& name,
                                    const sdk::json::object& arguments);

 private:
  sdk::Result<sdk::json::value> change_labels(const sdk::CallContext& context, const std::string& name,
                                              const sdk::json::object& arguments);
  sdk::Result<sdk::json::value> upload(const sdk::CallContext& context, const sdk::json::object& arguments);

  Calendar& calendar_;
  Gmail& gmail_;
  Drive& drive_;
};

}  // namespace patchbay::google
