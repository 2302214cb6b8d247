#include "client/cli/base/table.h"

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/base/text.h"

namespace daytonad::cli {

Table::Table(std::vector<std::string> header) {
  if (!header.empty()) lines_.push_back(std::move(header));
}

void Table::AddRow(std::vector<std::string> cells) {
  for (std::string& cell : cells) cell = cell.empty() ? "-" : Printable(cell);
  lines_.push_back(std::move(cells));
  ++rows_;
}

void Table::Print(std::ostream& out, int width) const {
  std::vector<int> column_widths;
  for (const std::vector<std::string>& cells : lines_) {
    column_widths.resize(std::max(column_widths.size(), cells.size()));
    for (std::size_t i = 0; i < cells.size(); ++i) {
      column_widths[i] = std::max(column_widths[i], DisplayWidth(cells[i]));
    }
  }
  for (const std::vector<std::string>& cells : lines_) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      line += cells[i];
      if (i + 1 < cells.size()) line.append(column_widths[i] - DisplayWidth(cells[i]) + 2, ' ');
    }
    out << (width > 0 ? CutTo(line, width) : line) << '\n';
  }
}

}  // namespace daytonad::cli
