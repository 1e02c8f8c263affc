// Everything a connector needs, in one include.
#pragma once

#include <patchbay/sdk/encoding.hpp>
#include <patchbay/sdk/json.hpp>
#include <patchbay/sdk/money.hpp>
#include <patchbay/sdk/plugin.hpp>
#include <patchbay/sdk/service_client.hpp>
