// Every way in which a library can be wrong is said with file and cause, and the others load.
#include "engine/plugins/loader.hpp"

#include "engine/plugins/elf_file.hpp"

#include <patchbay/sdk/plugin.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sys/stat.h>

namespace patchbay::plugins {
namespace {

namespace fs = std::filesystem;

const fs::path kBuilt = fs::path(PATCHBAY_BUILD_DIR) / "test-plugins";

class LoaderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "pb-loader-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    chmod(folder_.c_str(), 0755);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void add(const std::string& name) { fs::copy_file(kBuilt / (name + ".so"), folder_ / (name + ".so")); }
  void add_bytes(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }
  static std::string bytes_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  PluginCatalog load() {
    LoaderSettings settings;
    settings.folder = folder_;
    settings.verdict_file = folder_ / "plugins.json";
    settings.program = fs::path(PATCHBAY_BUILD_DIR) / "patchbay";
    return load_plugins(settings);
  }
  /// Loads the folder with a good plugin beside: that one must load, and the only problem must be the expected one.
  void expect_problem(const std::string& file, const std::string& stage, const std::string& part_of_message) {
    add("echo");
    const PluginCatalog catalog = load();
    ASSERT_NE(catalog.find("echo"), nullptr);
    ASSERT_EQ(catalog.problems().size(), 1u);
    EXPECT_EQ(catalog.problems()[0].stage, stage) << catalog.problems()[0].message;
    EXPECT_THAT(catalog.problems()[0].message, testing::HasSubstr(file));
    EXPECT_THAT(catalog.problems()[0].message, testing::HasSubstr(part_of_message));
  }
  fs::path folder_;
};

TEST_F(LoaderTest, AGoodPluginLoads) {
  add("echo");
  const PluginCatalog catalog = load();
  ASSERT_NE(catalog.find("echo"), nullptr);
  EXPECT_EQ(catalog.find("echo")->description.version, "1.2.3");
  EXPECT_TRUE(catalog.problems().empty());
}

TEST_F(LoaderTest, ATruncatedLibrary) {
  const std::string bytes = bytes_of(kBuilt / "echo.so");
  add_bytes("short.so", bytes.substr(0, bytes.size() / 2));
  expect_problem("short.so", "file", "truncated");
}

TEST_F(LoaderTest, EveryTruncationIsFoundBeforeTheLibraryIsOpened) {
  const std::string bytes = bytes_of(kBuilt / "echo.so");
  for (std::size_t length :
       {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{64}, bytes.size() / 4, bytes.size() - 1}) {
    add_bytes("part.so", bytes.substr(0, length));
    EXPECT_FALSE(read_build_tag(folder_ / "part.so").ok()) << length << " bytes of " << bytes.size();
  }
}

TEST_F(LoaderTest, SomethingThatIsNoLibrary) {
  add_bytes("text.so", "this is a text");
  expect_problem("text.so", "file", "not an ELF");
}

TEST_F(LoaderTest, AFolderInAPluginsPlace) {
  fs::create_directory(folder_ / "folder.so");
  expect_problem("folder.so", "file", "not a regular file");
}

TEST_F(LoaderTest, ALibraryThatIsNoPlugin) {
  add("no_plugin");
  expect_problem("no_plugin.so", "tag", "no Patchbay plugin");
}

TEST_F(LoaderTest, APluginOfAnotherBuild) {
  std::string bytes = bytes_of(kBuilt / "echo.so");
  const std::string compiler = ";compiler=gcc-";
  const auto place = bytes.find(compiler);
  ASSERT_NE(place, std::string::npos);
  bytes[place + compiler.size()] = '9';
  add_bytes("older.so", bytes);
  expect_problem("older.so", "tag", "compiler: the plugin has gcc-9");
}

TEST_F(LoaderTest, APluginThatEverybodyMayReplace) {
  add("half");
  chmod((folder_ / "half.so").c_str(), 0777);
  expect_problem("half.so", "trust", "written by everybody");
}

TEST_F(LoaderTest, APluginThatThrowsWhenMade) {
  add("throws");
  expect_problem("throws.so", "descriptor", "out of patience");
}

TEST_F(LoaderTest, APluginThatEndsTheProcessAtLoad) {
  add("crashes");
  expect_problem("crashes.so", "probe", "ends the process");
}

TEST_F(LoaderTest, APluginThatThrowsInDescribe) {
  add("silent");
  expect_problem("silent.so", "describe", "nothing to say");
}

TEST_F(LoaderTest, HalfACapabilityGroupNamesTheMissingHalf) {
  add("half");
  expect_problem("half.so", "describe", "can list but not get");
}

TEST_F(LoaderTest, AFileThatIsNotNamedAsItsConnector) {
  fs::copy_file(kBuilt / "echo.so", folder_ / "other.so");
  expect_problem("other.so", "describe", "calls itself 'echo'");
}

TEST_F(LoaderTest, AnUnreadableFolderIsAProblemAndNoCrash) {
  folder_ /= "missing";
  const PluginCatalog catalog = load();
  ASSERT_EQ(catalog.problems().size(), 1u);
  EXPECT_EQ(catalog.problems()[0].stage, "trust");
  folder_ = folder_.parent_path();
}

TEST_F(LoaderTest, AVerdictIsKeptForTheSameBytesOnly) {
  add("echo");
  ASSERT_NE(load().find("echo"), nullptr);
  const std::string verdicts = bytes_of(folder_ / "plugins.json");
  EXPECT_THAT(verdicts, testing::HasSubstr(*file_sha256(folder_ / "echo.so")));
  // A file that the verdicts do not know is probed, whatever it is called.
  fs::remove(folder_ / "echo.so");
  fs::copy_file(kBuilt / "crashes.so", folder_ / "echo.so");
  const PluginCatalog catalog = load();
  EXPECT_EQ(catalog.find("echo"), nullptr);
  ASSERT_EQ(catalog.problems().size(), 1u);
  EXPECT_EQ(catalog.problems()[0].stage, "probe");
}

TEST_F(LoaderTest, TheShippedConnectorsLoad) {
  for (const char* name : {"stripe", "jobber"}) {
    LoadProblem problem;
    const auto loaded = load_plugin(fs::path(PATCHBAY_BUILD_DIR) / "plugins" / (std::string(name) + ".so"), problem);
    ASSERT_TRUE(loaded.has_value()) << problem.message;
    EXPECT_FALSE(loaded->mapping_file.empty());
  }
}

}  // namespace
}  // namespace patchbay::plugins
