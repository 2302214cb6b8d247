#ifndef DAYTONAD_CLIENT_CLI_BASE_TABLE_H_
#define DAYTONAD_CLIENT_CLI_BASE_TABLE_H_

#include <ostream>
#include <string>
#include <vector>

namespace daytonad::cli {

// Rows of text in aligned columns, two spaces apart, without trailing blanks. Cells may hold any bytes: what is unsafe
// for a terminal is replaced. An empty cell is shown as "-".
class Table {
 public:
  // Without a header the columns have no titles.
  explicit Table(std::vector<std::string> header = {});

  // Whether it has no rows.
  bool empty() const { return rows_ == 0; }

  void AddRow(std::vector<std::string> cells);

  // Lines are cut to `width` columns; 0: never.
  void Print(std::ostream& out, int width) const;

 private:
  int rows_ = 0;
  std::vector<std::vector<std::string>> lines_;  // of printable text, the header first
};

}  // namespace daytonad::cli

#endif  // DAYTONAD_CLIENT_CLI_BASE_TABLE_H_
