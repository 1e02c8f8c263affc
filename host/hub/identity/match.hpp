// Which entity a record belongs to, decided for a page at once from what the database knows. Pure.
//
// By e-mail first, then by phone. A record is tied to an existing entity only where exactly one has the key, that
// entity has no other live record of the same connection and resource, and no other record of the page claims it.
// Everything else that has a candidate is ambiguous: it gets an entity of its own and is reported. An entity that only
// claims the key (nobody has verified it) is never tied to and stands in nobody's way; where there is no other it is
// reported.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace patchbay::identity {

/// A record without a link yet.
struct IdentityRecord {
  std::string external_id;
  std::string email;  // lower case; empty: none
  std::string phone;  // E.164; empty: none
};

/// An entity that has one of the keys.
struct Candidate {
  std::string entity_id;
  bool linked = false;   // has a live record of the same connection and resource already
  bool verified = true;  // somebody vouches for its key
};

using CandidatesByKey = std::map<std::string, std::vector<Candidate>>;

struct Resolution {
  enum class Kind { kLink, kNew, kAmbiguous };
  Kind kind = Kind::kNew;
  std::string entity_id;                // the one it belongs to; for kNew and kAmbiguous a new id
  std::string matched_by;               // email, phone
  std::vector<std::string> candidates;  // of kAmbiguous
  bool within_page = false;             // the candidates of kAmbiguous are other new records of the page
};

using Keys = std::set<std::string>;

/// Keys that other records of the same resource, not on this page, claim as well.
struct Contested {
  Keys emails, phones;
};

/// One resolution for each record, in order. Does not depend on the order of the records except for which of two new
/// ones with the same key is the first: that is decided by external id. `new_id` makes ids.
std::vector<Resolution> match(const std::vector<IdentityRecord>& records, const CandidatesByKey& by_email,
                              const CandidatesByKey& by_phone, std::string (*new_id)(),
                              const Contested& contested = {});

}  // namespace patchbay::identity
