// Reads by id and lists, for a principal, as finished JSON text.
#pragma once

#include "engine/policy/policy.hpp"
#include "engine/resources/json_view.hpp"
#include "engine/resources/read_channel.hpp"
#include "engine/resources/row_count.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace patchbay::resources {

struct ReadRow {
  std::string json;
  std::string version;
};

struct ReadPage {
  std::string json;  // the array
  std::size_t row_count = 0;
  bool has_next = false;
  std::string next_cursor;  // of the last row; empty when there is no next page
  std::optional<RowCount> total;
};

/// Thread-safe. `done` is called once, where the channel calls back. Outlives every read under way.
class Reader {
 public:
  Reader(const Registry& registry, const policy::Policy& policy);

  using RowDone = std::function<void(sdk::Result<ReadRow>)>;
  using PageDone = std::function<void(sdk::Result<ReadPage>)>;
  /// kNotFound "resources.not_found" for a row that is not there or not the principal's to see.
  void get(const std::shared_ptr<ReadChannel>& channel, const ResourceDescription& description,
           const policy::Principal& principal, const std::string& id, RowDone done) const;
  /// Success when a live row is there for the principal.
  void check_exists(const std::shared_ptr<ReadChannel>& channel, const ResourceDescription& description,
                    const policy::Principal& principal, const std::string& id,
                    std::function<void(sdk::Result<void>)> done) const;
  void list(const std::shared_ptr<ReadChannel>& channel, const ResourceDescription& description,
            const policy::Principal& principal, ListQuery query, PageDone done) const;

  const policy::Policy& policy() const { return policy_; }
  const JsonViews& views() const { return views_; }

 private:
  struct ListWork;
  void count(std::shared_ptr<ListWork> work) const;
  void estimate(std::shared_ptr<ListWork> work) const;

  const policy::Policy& policy_;
  const JsonViews views_;
  mutable RowCountCache counts_;
};

}  // namespace patchbay::resources
