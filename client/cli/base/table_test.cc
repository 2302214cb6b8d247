#include "client/cli/base/table.h"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace daytonad::cli {
namespace {

std::string Printed(const Table& table, int width = 0) {
  std::ostringstream out;
  table.Print(out, width);
  return out.str();
}

TEST(Table, AlignsColumnsWithoutBlanksAtTheEnd) {
  Table table({"NAME", "STATE"});
  table.AddRow({"日本", "started"});
  table.AddRow({"a-long-name", ""});
  EXPECT_EQ(Printed(table),
            "NAME         STATE\n"
            "日本         started\n"
            "a-long-name  -\n");
}

TEST(Table, CutsLinesToTheTerminal) {
  Table table({"NAME", "STATE"});
  table.AddRow({"a-long-name", "started"});
  EXPECT_EQ(Printed(table, 10), "NAME     …\na-long-na…\n");
}

TEST(Table, KeepsALineForEachRowWhateverTheCellsHold) {
  Table table;
  table.AddRow({"one\ntwo", "\x1b[2J"});
  EXPECT_EQ(Printed(table), "one\uFFFDtwo  \uFFFD[2J\n");
}

TEST(Table, AnEmptyOnePrintsNothing) { EXPECT_EQ(Printed(Table()), ""); }

}  // namespace
}  // namespace daytonad::cli
