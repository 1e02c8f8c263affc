// What the hub asks a Google account for, and what of it was granted: people can untick single permissions.
#pragma once

#include <string>
#include <vector>

namespace patchbay::google {

inline constexpr const char* kCalendarScope = "https://www.googleapis.com/auth/calendar.events";
inline constexpr const char* kGmailScope = "https://www.googleapis.com/auth/gmail.modify";
inline constexpr const char* kDriveScope = "https://www.googleapis.com/auth/drive.file";

/// All that is asked for, with those that tell whose account it is.
std::vector<std::string> asked_scopes();
/// Those without which a part of the connector does not work.
std::vector<std::string> needed_scopes();
std::vector<std::string> split_scopes(const std::string& text);
/// Those of `needed` that no granted scope covers; a wider scope covers a narrower one.
std::vector<std::string> missing_scopes(const std::vector<std::string>& granted,
                                        const std::vector<std::string>& needed);
/// "the calendar", for people.
std::string purpose_of(const std::string& scope);

}  // namespace patchbay::google
