// The dependency rule of ARCHITECTURE.md, read from the tree itself: every #include and every DEPENDS.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = PATCHBAY_SOURCE_DIR;

/// Floor of a folder below host/; a part may include its own floor only as its DEPENDS says, and never a higher one.
const std::map<std::string, int> kFloors{{"platform", 1}, {"engine", 2}, {"hub", 3}, {"business", 4}, {"app", 5}};

/// Third parties and the only files that may include them.
struct Heavy {
  std::regex header;
  std::regex allowed;
};

std::vector<Heavy> heavy_headers() {
  const auto rule = [](const char* header, const char* allowed) {
    return Heavy{std::regex(header), std::regex(allowed)};
  };
  return {rule(R"(boost/(beast|asio).*)", R"(host/platform/net/.*)"),
          rule(R"(pqxx/.*|libpq-fe\.h|libpq/.*|postgresql/.*)", R"(host/platform/storage/pg_.*)"),
          rule(R"(hiredis/.*)", R"(host/platform/redis/connection.*\.cpp)"),
          rule(R"(curl/.*)", R"(host/platform/outbound/.*\.cpp)"),
          rule(R"(yaml-cpp/.*)", R"(host/platform/base/yaml\.cpp)"),
          rule(R"(boost/dll.*)", R"(host/engine/plugins/loader\.cpp)"),
          rule(R"((oauth2|cjose)/.*)", R"(host/engine/oauth/liboauth2_.*\.cpp)"),
          rule(R"(spdlog/.*)", R"(host/platform/base/log\.cpp)"),
          rule(R"(prometheus/.*)", R"(host/platform/base/metrics\.cpp)"),
          rule(R"(sodium.*\.h)", R"(host/platform/base/.*\.cpp|host/hub/auth/password\.cpp)"),
          rule(R"(zlib\.h)", R"(host/engine/gateway/.*\.cpp)")};
}

struct Include {
  std::string name;
  bool quoted = false;
  int line = 0;
};

std::vector<Include> includes_of(const fs::path& file) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> found;
  std::ifstream stream(file);
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    std::smatch match;
    if (std::regex_search(line, match, kInclude)) found.push_back({match[2], match[1] == "\"", number});
  }
  return found;
}

std::vector<fs::path> sources_below(const std::string& folder) {
  std::vector<fs::path> files;
  if (!fs::exists(kRoot / folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
    const auto extension = entry.path().extension();
    if (entry.is_regular_file() && (extension == ".cpp" || extension == ".hpp"))
      files.push_back(fs::relative(entry.path(), kRoot));
  }
  return files;
}

/// "host/engine/queue/worker.cpp" → "engine/queue"; files directly in a floor's folder belong to the floor itself
/// ("app").
std::string part_of(const fs::path& relative) {
  std::vector<std::string> pieces;
  for (const auto& piece : relative.parent_path()) pieces.push_back(piece.string());
  if (pieces.empty() || pieces[0] != "host") return {};
  if (pieces.size() == 1) return {};
  if (pieces[1] == "app") return pieces.size() > 2 && pieces[2] == "supervise" ? "app/supervise" : "app";
  return pieces.size() > 2 ? pieces[1] + "/" + pieces[2] : pieces[1];
}

std::string part_of_include(const std::string& name) {
  return part_of(fs::path("host") / name);
}

std::string floor_of(const std::string& part) {
  return part.substr(0, part.find('/'));
}

/// DEPENDS of every part, by the short names that CMake uses.
std::map<std::string, std::set<std::string>> declared_dependencies() {
  std::map<std::string, std::set<std::string>> depends;
  static const std::regex kComponent(
      R"(patchbay_component\(\s*NAME\s+(\w+)\s+DEPENDS\s+([\s\S]*?)(SOURCES|TESTS|LIBRARIES|\)))");
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "host")) {
    if (entry.path().filename() != "CMakeLists.txt") continue;
    std::ifstream stream(entry.path());
    const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    std::smatch match;
    if (!std::regex_search(text, match, kComponent)) continue;
    std::istringstream words(match[2]);
    std::set<std::string> names;
    for (std::string word; words >> word;) names.insert(word);
    depends[match[1]] = names;
  }
  return depends;
}

/// What a part may use: its DEPENDS and theirs.
std::set<std::string> reachable(const std::string& name, const std::map<std::string, std::set<std::string>>& depends) {
  std::set<std::string> found;
  std::vector<std::string> open{name};
  while (!open.empty()) {
    const std::string next = open.back();
    open.pop_back();
    const auto entry = depends.find(next);
    if (entry == depends.end()) continue;
    for (const auto& other : entry->second) {
      if (found.insert(other).second) open.push_back(other);
    }
  }
  return found;
}

std::string short_name(const std::string& part) {
  return part.substr(part.rfind('/') + 1);
}

TEST(Layering, NoPartIncludesAHigherFloorOrAPartItDoesNotDependOn) {
  const auto depends = declared_dependencies();
  ASSERT_GT(depends.size(), 10u) << "the parts' CMakeLists.txt were not found";
  int checked = 0;
  for (const auto& file : sources_below("host")) {
    const std::string part = part_of(file);
    if (part.empty()) continue;
    for (const auto& include : includes_of(kRoot / file)) {
      if (!include.quoted) continue;
      const std::string other = part_of_include(include.name);
      if (other.empty() || other == part || kFloors.count(floor_of(other)) == 0) continue;
      ++checked;
      EXPECT_LE(kFloors.at(floor_of(other)), kFloors.at(floor_of(part)))
          << file.string() << ":" << include.line << " includes the higher floor " << include.name;
      const auto allowed = reachable(short_name(part), depends);
      EXPECT_TRUE(allowed.count(short_name(other)) > 0)
          << file.string() << ":" << include.line << " includes " << include.name << ", but DEPENDS of '"
          << short_name(part) << "' does not name '" << short_name(other) << "'";
    }
  }
  EXPECT_GT(checked, 100);
}

TEST(Layering, PartsDoNotDependOnEachOtherInACircle) {
  const auto depends = declared_dependencies();
  for (const auto& [name, others] : depends) {
    EXPECT_EQ(reachable(name, depends).count(name), 0u) << "'" << name << "' depends on itself by way of others";
  }
}

TEST(Layering, HeavyHeadersStayInTheirFiles) {
  const auto rules = heavy_headers();
  for (const std::string folder : {"host", "plugin-sdk", "plugins"}) {
    for (const auto& file : sources_below(folder)) {
      if (file.filename().string().find("_test.cpp") != std::string::npos) continue;
      for (const auto& include : includes_of(kRoot / file)) {
        for (const auto& rule : rules) {
          if (!std::regex_match(include.name, rule.header)) continue;
          EXPECT_TRUE(std::regex_match(file.string(), rule.allowed))
              << file.string() << ":" << include.line << " includes <" << include.name << ">";
        }
      }
    }
  }
}

TEST(Layering, PluginsSeeTheSdkOnly) {
  static const std::regex kForeign(R"(^(platform|engine|hub|business|app)/.*|.*\.\./.*)");
  int checked = 0;
  for (const auto& file : sources_below("plugins")) {
    for (const auto& include : includes_of(kRoot / file)) {
      ++checked;
      EXPECT_FALSE(include.quoted && std::regex_match(include.name, kForeign))
          << file.string() << ":" << include.line << " includes " << include.name;
    }
  }
  EXPECT_GT(checked, 10);
}

TEST(Layering, TheSdkIncludesNothingOfTheHub) {
  for (const auto& file : sources_below("plugin-sdk")) {
    for (const auto& include : includes_of(kRoot / file)) {
      EXPECT_TRUE(part_of_include(include.name).empty() || !include.quoted)
          << file.string() << ":" << include.line << " includes " << include.name;
    }
  }
}

}  // namespace
