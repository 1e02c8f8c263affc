// What the calendar, the mailbox and Drive hold at the start.
#pragma once

#include "tests/sandbox/google/calendar.hpp"
#include "tests/sandbox/google/drive.hpp"
#include "tests/sandbox/google/gmail.hpp"

namespace patchbay::sandbox::google {

/// Of each 100 people: 30 appointments around the epoch (some of whole days, a few recurring), 60 mails, 5 files.
void generate(Account& account, Calendar& calendar, Gmail& gmail, Drive& drive);
/// "user <user@…>" as the person writes mails, by the address that the services know.
std::string mailbox_of(const Person& person);

}  // namespace patchbay::sandbox::google
