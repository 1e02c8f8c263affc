#include "drive.hpp"

#include "google_test_fixture.hpp"

namespace patchbay::google {
namespace {

using ::testing::HasSubstr;

class DriveTest : public GoogleTest {
 protected:
  static constexpr std::size_t kChunk = 32 * 262'144;
  static constexpr const char* kSession = "https://www.googleapis.com/upload/drive/v3/files?upload_id=abc";

  sdk::Result<json::value> upload(const std::string& content, json::object more = {}) {
    more["name"] = "a.bin";
    more["content"] = sdk::base64_encode(content);
    return client().operate({}, "upload_file", more);
  }
  std::string range(std::size_t index) {
    return sdk::find_header(http().requests().at(index).headers, "Content-Range").value_or("");
  }
  void begin_session() {
    http().reply_json({{"ids", json::array{"f1"}}});
    http().reply(sdk::HttpResponse{200, {{"Location", kSession}}, ""});
  }
};

TEST_F(DriveTest, AListAsksForTheFieldsItNeeds) {
  http().reply_json({{"startPageToken", "5"}});
  http().reply_json({{"files", json::array{json::object{{"id", "f1"}, {"version", "3"}}}}});
  const auto page = client().list({}, list_of("files"));
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->checkpoint, "5");
  EXPECT_EQ(page->records.at(0).version, "3");
  EXPECT_THAT(last_url(), HasSubstr("fields=nextPageToken%2CincompleteSearch%2Cfiles%28id%2Cname"));
}

TEST_F(DriveTest, HalfASearchIsNoList) {
  http().reply_json({{"startPageToken", "5"}});
  http().reply_json({{"files", json::array()}, {"incompleteSearch", true}});
  EXPECT_EQ(client().list({}, list_of("files")).error().error_class, sdk::ErrorClass::kTransient);
}

TEST_F(DriveTest, ChangesTellWhatIsGoneAndWhatIsInTheBin) {
  http().reply_json(
      {{"changes", json::array{json::object{{"fileId", "f1"}, {"removed", true}},
                               json::object{{"fileId", "f2"}, {"file", {{"id", "f2"}, {"trashed", true}}}},
                               json::object{{"changeType", "drive"}, {"driveId", "d"}}}},
       {"nextPageToken", "6"}});
  http().reply_json(
      {{"changes", json::array{json::object{{"fileId", "f3"}, {"file", {{"id", "f3"}}}}}}, {"newStartPageToken", "9"}});
  auto request = list_of("files", "5");
  const auto first = client().list({}, request);
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->records.size(), 2u);
  EXPECT_TRUE(first->records[0].deleted && first->records[1].deleted);
  request.page_cursor = first->next_cursor;
  const auto last = client().list({}, request);
  EXPECT_EQ(last->checkpoint, "9");
  EXPECT_FALSE(last->records.at(0).deleted);
  EXPECT_THAT(last_url(), HasSubstr("pageToken=6"));
}

TEST_F(DriveTest, ASmallFileGoesInOnePiece) {
  http().reply_json({{"ids", json::array{"f1"}}});
  http().reply_json({{"id", "f1"}, {"name", "a.bin"}});
  ASSERT_TRUE(upload("--patchbay_0 bytes", {{"folderId", "dir"}}).ok());
  const auto sent = http().last_request();
  EXPECT_THAT(sent.url, HasSubstr("uploadType=multipart"));
  EXPECT_EQ(sdk::find_header(sent.headers, "Content-Type"), "multipart/related; boundary=patchbay_1");
  EXPECT_THAT(sent.body, HasSubstr(R"("id":"f1","parents":["dir"])"));
}

TEST_F(DriveTest, ALargeFileGoesInChunks) {
  const std::string content(kChunk + 1000, 'x');
  begin_session();
  http().reply(sdk::HttpResponse{308, {{"Range", "bytes=0-" + std::to_string(kChunk - 1)}}, ""});
  http().reply_json({{"id", "f1"}}, 201);
  ASSERT_TRUE(upload(content).ok());
  EXPECT_EQ(range(2), "bytes 0-8388607/8389608");
  EXPECT_EQ(range(3), "bytes 8388608-8389607/8389608");
  EXPECT_EQ(http().requests().at(3).body.size(), 1000u);
  EXPECT_EQ(http().requests().at(2).body.size() % 262'144, 0u);
}

TEST_F(DriveTest, AfterACutDriveSaysWhereToGoOn) {
  const std::string content(kChunk + 1000, 'x');
  begin_session();
  http().reply(sdk::transient_error("http.reset", "reset"));
  http().reply(
      sdk::HttpResponse{308, {{"Range", "bytes=0-262143"}}, ""});  // the probe: not everything that was sent arrived
  http().reply(sdk::HttpResponse{308, {{"Range", "bytes=0-8650751"}}, ""});
  http().reply_json({{"id", "f1"}});
  http().reply_json({{"id", "f1"}});
  ASSERT_TRUE(upload(content).ok());
  EXPECT_EQ(range(3), "bytes */8389608");
  EXPECT_TRUE(http().requests().at(3).body.empty());
  EXPECT_EQ(range(4).substr(0, 13), "bytes 262144-");
}

TEST_F(DriveTest, WithoutARangeNothingHasArrived) {
  const std::string content(kChunk + 1000, 'x');
  begin_session();
  http().reply_json({{"error", {{"code", 503}}}}, 503);
  http().reply(sdk::HttpResponse{308, {}, ""});
  http().reply(sdk::HttpResponse{308, {{"Range", "bytes=0-8388607"}}, ""});
  http().reply_json({{"id", "f1"}});
  ASSERT_TRUE(upload(content).ok());
  EXPECT_EQ(range(4).substr(0, 8), "bytes 0-");
}

TEST_F(DriveTest, ALostSessionIsBegunAnewOnce) {
  const std::string content(kChunk + 1000, 'x');
  begin_session();
  http().reply_json(failure(404, "notFound"), 404);
  http().reply(sdk::HttpResponse{200, {{"Location", kSession}}, ""});
  http().reply(sdk::HttpResponse{308, {{"Range", "bytes=0-8388607"}}, ""});
  http().reply_json({{"id", "f1"}});
  EXPECT_TRUE(upload(content).ok());
  EXPECT_EQ(http().unused_replies(), 0u);
}

TEST_F(DriveTest, AnUploadThatNeverMovesEnds) {
  http().reply_json({{"ids", json::array{"f1"}}});
  http().when("POST", "uploadType=resumable", [](const auto&) {
    return sdk::HttpResponse{200, {{"Location", kSession}}, ""};
  });
  http().when("PUT", "upload_id", [](const auto&) { return sdk::HttpResponse{308, {}, ""}; });
  EXPECT_EQ(upload(std::string(kChunk + 1, 'x')).error().code, "google.upload_stuck");
}

TEST_F(DriveTest, TheTokenGoesToNoOtherPlace) {
  http().reply_json({{"ids", json::array{"f1"}}});
  http().reply(
      sdk::HttpResponse{200, {{"Location", "https://elsewhere.example/upload/drive/v3/files?upload_id=abc"}}, ""});
  EXPECT_EQ(upload(std::string(kChunk + 1, 'x')).error().code, "google.session");
  EXPECT_EQ(http().requests().size(), 2u);
}

TEST_F(DriveTest, WhoseAnswerWasLostIsFoundByTheId) {
  http().reply_json({{"ids", json::array{"f1"}}});
  http().reply_json(failure(409, "conflict"), 409);
  http().reply_json({{"id", "f1"}, {"name", "a.bin"}});
  EXPECT_EQ(sdk::string_at(*upload("x"), "id"), "f1");
}

TEST_F(DriveTest, AFolderIsSearchedAndItsNameCannotBreakOut) {
  http().reply_json({{"files", json::array()}});
  ASSERT_TRUE(client().operate({}, "find_files", {{"folderId", "d' or '1'='1"}}).ok());
  EXPECT_THAT(last_url(), HasSubstr(sdk::url_encode("'d\\' or \\'1\\'=\\'1' in parents and trashed=false")));
}

TEST_F(DriveTest, SharingSaysWithWhomAndAsWhat) {
  http().reply_json({{"id", "p1"}});
  ASSERT_TRUE(
      client().operate({}, "share_file", {{"fileId", "f1"}, {"email", "ann@example.com"}, {"role", "writer"}}).ok());
  EXPECT_THAT(last_url(), HasSubstr("/files/f1/permissions?supportsAllDrives=true"));
  EXPECT_THAT(last_url(), HasSubstr("sendNotificationEmail=false"));
  EXPECT_EQ(sdk::string_at(last_body(), "role"), "writer");
  EXPECT_EQ(client().operate({}, "share_file", {{"fileId", "f1"}}).error().field, "email");
}

TEST_F(DriveTest, GooglesOwnDocumentsAreExported) {
  http().reply_json({{"id", "f1"}, {"mimeType", "application/vnd.google-apps.document"}});
  http().reply(sdk::HttpResponse{200, {}, "%PDF"});
  const auto file = client().operate({}, "download_file", {{"fileId", "f1"}});
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(sdk::string_at(*file, "content"), sdk::base64_encode("%PDF"));
  EXPECT_THAT(last_url(), HasSubstr("/files/f1/export?mimeType=application%2Fpdf"));
}

}  // namespace
}  // namespace patchbay::google
