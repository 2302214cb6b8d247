#include "emulator/storage/xml.h"

#include <gtest/gtest.h>

namespace daytonad::emulator {
namespace {

TEST(Xml, EscapesAndUnescapes) {
  EXPECT_EQ(XmlElement("A", "<a & \"b\" 'c'>"), "<A>&lt;a &amp; &quot;b&quot; &apos;c&apos;&gt;</A>");
  EXPECT_EQ(XmlUnescape("&lt;a &amp; &quot;b&quot; &#34;c&#34; &apos;d&apos;&gt; &nbsp;"),
            "<a & \"b\" \"c\" 'd'> &nbsp;");
  EXPECT_EQ(XmlUnescape("&amp;lt;"), "&lt;");
}

TEST(Xml, FindsElementsOneAfterTheOther) {
  std::string_view xml = "<?xml?><List xmlns=\"x\"><Part><N>1</N></Part>\n<PartX/><Part a=\"1\">2</Part><Part>";
  EXPECT_EQ(NextXmlElement(xml, "Part"), "<N>1</N>");
  EXPECT_EQ(NextXmlElement(xml, "Part"), "2");
  EXPECT_EQ(NextXmlElement(xml, "Part"), std::nullopt);
}

}  // namespace
}  // namespace daytonad::emulator
