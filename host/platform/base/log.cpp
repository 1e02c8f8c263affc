#include "platform/base/log.hpp"

#include "platform/base/redactor.hpp"

#include <patchbay/sdk/encoding.hpp>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <atomic>
#include <chrono>

namespace patchbay::base {
namespace {

constexpr std::size_t kSecretsMax = 16'384;
constexpr std::size_t kLineBytesMax = 32 * 1024;

/// The one log of the process: like standard output it exists once, so it is reached by name and not handed round.
struct LogState {
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("early", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  std::atomic<sdk::LogLevel> level = sdk::LogLevel::kInfo;
  bool json = false;
  Redactor redactor{kSecretsMax};

  LogState() { prepare(); }
  void prepare() const {
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
  }
};

LogState& state() {
  static LogState instance;
  return instance;
}

std::string_view level_name(sdk::LogLevel level) {
  switch (level) {
    case sdk::LogLevel::kDebug:
      return "debug";
    case sdk::LogLevel::kInfo:
      return "info";
    case sdk::LogLevel::kWarning:
      return "warning";
    case sdk::LogLevel::kError:
      return "error";
  }
  return "info";
}

sdk::LogLevel parse_level(std::string_view name) {
  for (const auto level : {sdk::LogLevel::kDebug, sdk::LogLevel::kWarning, sdk::LogLevel::kError}) {
    if (level_name(level) == name) return level;
  }
  return sdk::LogLevel::kInfo;
}

constexpr char kHexDigits[] = "0123456789abcdef";

/// For lines that are not UTF-8: \\xNN is readable and also valid inside a JSON string.
std::string escape_high_bytes(std::string_view line) {
  std::string escaped;
  for (const char character : line) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x80) {
      escaped += character;
    } else {
      escaped.append("\\\\x").append(1, kHexDigits[byte >> 4]).append(1, kHexDigits[byte & 0x0F]);
    }
  }
  return escaped;
}

/// A line break in outside text must not look like a line of the log.
void append_printable(std::string& line, std::string_view text) {
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte >= 0x20 && byte != 0x7F) {
      line += character;
    } else {
      line.append("\\x").append(1, kHexDigits[byte >> 4]).append(1, kHexDigits[byte & 0x0F]);
    }
  }
}

/// Numbers as a person writes them; the JSON library always uses an exponent.
std::string text_value(const sdk::json::value& value) {
  if (!value.is_double()) return sdk::json::serialize(value);
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.6g", value.as_double());
  return std::string(text.data(), static_cast<std::size_t>(std::max(length, 0)));
}

std::string text_line(sdk::LogLevel level, std::string_view part, std::string_view message,
                      const sdk::json::object& fields) {
  std::string line = sdk::format_time(std::chrono::system_clock::now());
  line.append(1, ' ').append(level_name(level)).append(1, ' ').append(part).append(": ");
  append_printable(line, message);
  for (const auto& [name, value] : fields) {
    line += ' ';
    append_printable(line, name);
    line += '=';
    line += text_value(value);
  }
  return line;
}

std::string json_line(sdk::LogLevel level, std::string_view part, std::string_view message,
                      const sdk::json::object& fields) {
  sdk::json::object line;
  line.reserve(fields.size() + 4);
  line["time"] = sdk::format_time(std::chrono::system_clock::now());
  line["level"] = level_name(level);
  line["part"] = part;
  line["message"] = message;
  for (const auto& [name, value] : fields) line.emplace(name, value);
  return sdk::json::serialize(line);
}

spdlog::level::level_enum spdlog_level(sdk::LogLevel level) {
  switch (level) {
    case sdk::LogLevel::kDebug:
      return spdlog::level::debug;
    case sdk::LogLevel::kWarning:
      return spdlog::level::warn;
    case sdk::LogLevel::kError:
      return spdlog::level::err;
    default:
      return spdlog::level::info;
  }
}

/// A log that cannot be written must not end the work it tells of: nothing leaves here.
void write(sdk::LogLevel level, std::string_view part, std::string_view message,
           const sdk::json::object& fields) noexcept {
  try {
    LogState& log = state();
    if (level < log.level.load(std::memory_order_relaxed)) return;
    // The message also before it is escaped: a secret of several lines would no longer be recognised afterwards.
    const std::string clean = log.redactor.redact(std::string(message));
    std::string line =
        log.redactor.redact(log.json ? json_line(level, part, clean, fields) : text_line(level, part, clean, fields));
    if (!sdk::is_utf8(line)) line = escape_high_bytes(line);
    if (line.size() > kLineBytesMax) {
      const std::string start = line.substr(0, 512);
      const sdk::json::object cut{{"cutBytes", line.size()}, {"start", start}};
      line = log.json ? json_line(level, part, "A line of the log was too long.", cut)
                      : text_line(level, part, "A line of the log was too long.", cut);
    }
    log.logger->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {
    return;
  }
}

}  // namespace

void configure_log(const LogSettings& settings) {
  LogState& log = state();
  log.logger = std::make_shared<spdlog::logger>("patchbay", std::make_shared<spdlog::sinks::stdout_sink_mt>());
  log.prepare();
  log.json = settings.format == "json";
  log.level = parse_level(settings.level);
}

void add_log_secret(std::string_view secret) {
  state().redactor.add(secret);
}

void log_debug(std::string_view part, std::string_view message, const sdk::json::object& fields) {
  write(sdk::LogLevel::kDebug, part, message, fields);
}

void log_info(std::string_view part, std::string_view message, const sdk::json::object& fields) {
  write(sdk::LogLevel::kInfo, part, message, fields);
}

void log_warning(std::string_view part, std::string_view message, const sdk::json::object& fields) {
  write(sdk::LogLevel::kWarning, part, message, fields);
}

void log_error(std::string_view part, std::string_view message, const sdk::json::object& fields) {
  write(sdk::LogLevel::kError, part, message, fields);
}

bool log_debug_enabled() {
  return state().level.load(std::memory_order_relaxed) == sdk::LogLevel::kDebug;
}

void PartLogger::log(sdk::LogLevel level, std::string_view message, const sdk::json::object& fields) {
  sdk::json::object all = fields_;
  for (const auto& [name, value] : fields) all.insert_or_assign(name, value);
  write(level, part_, message, all);
}

}  // namespace patchbay::base
