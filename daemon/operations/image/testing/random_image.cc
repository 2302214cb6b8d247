#include "daemon/operations/image/testing/random_image.h"

#include <array>
#include <iterator>

namespace daytonad {
namespace {

constexpr const char* kHarmless[] = {"a", "b", "numpy>=1.2", "/app", "x.py", "1", "-v", "sub/", "A_B", "\xC3\xA4", "."};
constexpr const char* kTrouble[] = {" ",
                                    "\n",
                                    "\r",
                                    "\r\n",
                                    "\t",
                                    "\v",
                                    "\\",
                                    "\\\\",
                                    "\\\n",
                                    "'",
                                    "\"",
                                    "$",
                                    "${",
                                    "}",
                                    "`",
                                    "`\n",
                                    "<<",
                                    "<<EOF",
                                    "<<-X",
                                    "\nEOF\n",
                                    "EOF",
                                    "#",
                                    "\n#",
                                    "[",
                                    "]",
                                    "[\"",
                                    ",",
                                    "\", \"",
                                    ";",
                                    "&&",
                                    "|",
                                    "*",
                                    "**",
                                    "?",
                                    "..",
                                    "../",
                                    "//",
                                    "--",
                                    "--from=",
                                    "RUN x",
                                    "\nRUN x",
                                    "\nFROM evil\n",
                                    "COPY a b",
                                    "\nUSER root",
                                    "=",
                                    "\xC2\x85",
                                    "\xE2\x80\xA8",
                                    "\xE2\x80\xA9",
                                    "\xC2\xA0",
                                    "\x1c",
                                    "\x7f",
                                    "ONBUILD RUN ",
                                    "0<<1"};
constexpr const char* kPaths[] = {"/src/a.txt",      "/src/a b.txt",       "/src/proj",    "/src/proj/x.py",
                                  "/src/it's.txt",   "/src/[id].tsx",      "/src/missing", "/etc/passwd",
                                  "/src/Dockerfile", "/src/pyproject.toml"};
constexpr const char* kHash = "0123456789abcdef0123456789abcdef";

}  // namespace

std::string RandomImages::Text() {
  std::string text;
  const bool harmless = !OneIn(3);
  for (uint64_t i = 1 + Below(4); i > 0; --i) {
    text += harmless || OneIn(2) ? kHarmless[Below(std::size(kHarmless))] : kTrouble[Below(std::size(kTrouble))];
  }
  if (OneIn(200)) text += '\0';
  return text;
}

std::string RandomImages::Lines() {
  static constexpr std::array<const char*, 7> kStarts = {
      "RUN ", "COPY ", "ADD ", "ENV A=", "# ", "USER ", "ONBUILD RUN "};
  std::string lines;
  for (uint64_t i = 1 + Below(3); i > 0; --i) {
    lines += kStarts[Below(kStarts.size())] + Text();
    if (i > 1) lines += '\n';
  }
  return lines;
}

v1::FileSource RandomImages::File() {
  v1::FileSource file;
  if (OneIn(2)) file.set_archive_path(Text());
  if (OneIn(3)) {
    file.set_content(Text());
  } else if (OneIn(3)) {
    file.set_context_hash(kHash);
  } else {
    file.set_daemon_path(kPaths[Below(std::size(kPaths))]);
  }
  return file;
}

v1::DirectorySource RandomImages::Directory() {
  v1::DirectorySource directory;
  if (OneIn(2)) directory.set_archive_path(Text());
  if (OneIn(3)) {
    directory.set_tar(Text());
  } else if (OneIn(3)) {
    directory.set_context_hash(kHash);
  } else {
    directory.set_daemon_path(OneIn(2) ? "/src/proj" : kPaths[Below(std::size(kPaths))]);
  }
  return directory;
}

v1::PipOptions RandomImages::Options() {
  v1::PipOptions options;
  if (OneIn(2)) options.add_find_links(Text());
  if (OneIn(2)) options.set_index_url(Text());
  if (OneIn(2)) options.add_extra_index_urls(Text());
  if (OneIn(2)) options.set_extra_options(Text());
  options.set_pre(OneIn(2));
  return options;
}

v1::ImageStep RandomImages::Step() {
  v1::ImageStep step;
  switch (Below(19)) {
    case 0:
      for (uint64_t i = Below(4); i > 0; --i) step.mutable_pip_install()->add_packages(Text());
      *step.mutable_pip_install()->mutable_options() = Options();
      break;
    case 1:
      *step.mutable_pip_install_from_requirements()->mutable_requirements() = File();
      *step.mutable_pip_install_from_requirements()->mutable_options() = Options();
      break;
    case 2:
      step.mutable_pip_install_from_pyproject()->set_content("[project]\ndependencies = [\"a;b\", '''" + Text() +
                                                             "''']");
      break;
    case 3:
      *step.mutable_add_local_file()->mutable_file() = File();
      step.mutable_add_local_file()->set_remote_path(Text());
      break;
    case 4:
      *step.mutable_add_local_dir()->mutable_directory() = Directory();
      step.mutable_add_local_dir()->set_remote_path(Text());
      break;
    case 5:
      step.mutable_run_commands()->add_commands()->set_shell(Text());
      break;
    case 6: {
      auto& exec = *step.mutable_run_commands()->add_commands()->mutable_exec();
      for (uint64_t i = 1 + Below(3); i > 0; --i) exec.add_words(Text());
      break;
    }
    case 7:
      for (uint64_t i = Below(3); i > 0; --i) {
        auto& variable = *step.mutable_env()->add_variables();
        variable.set_name(OneIn(4) ? Text() : "NAME");
        variable.set_value(Text());
      }
      step.mutable_env();
      break;
    case 8:
      step.set_workdir(Text());
      break;
    case 9:
      for (uint64_t i = Below(3); i > 0; --i) step.mutable_entrypoint()->add_words(Text());
      step.mutable_entrypoint();
      break;
    case 10:
      for (uint64_t i = Below(3); i > 0; --i) step.mutable_cmd()->add_words(Text());
      step.mutable_cmd();
      break;
    case 11:
      step.mutable_dockerfile_commands()->add_commands(Lines());
      if (OneIn(2)) *step.mutable_dockerfile_commands()->mutable_context_dir() = Directory();
      break;
    case 12:
      step.mutable_apt_get()->add_packages(Text());
      break;
    case 13:
      step.set_user(Text());
      break;
    case 14:
      step.mutable_copy()->set_source(Text());
      step.mutable_copy()->set_destination(Text());
      break;
    case 15:
      step.mutable_add()->set_source(Text());
      step.mutable_add()->set_destination(Text());
      break;
    case 16:
      step.mutable_expose()->add_ports(static_cast<int>(Below(70'000)));
      break;
    case 17:
      step.mutable_label()->set_key(OneIn(4) ? Text() : "key");
      step.mutable_label()->set_value(Text());
      break;
    default:
      step.mutable_volume()->add_paths("/" + Text());
      break;
  }
  return step;
}

v1::Image RandomImages::Next() {
  v1::Image image;
  switch (Below(6)) {
    case 0:
      image.set_base_image(Text());
      break;
    case 1:
      image.mutable_debian_slim()->set_python_version(OneIn(4) ? Text() : "3.12");
      break;
    case 2:
      image.mutable_dockerfile()->set_content((OneIn(2) ? "# escape=`\nFROM x\n" : "FROM x\n") + Lines());
      break;
    case 3:
      image.mutable_dockerfile()->set_daemon_path("/src/Dockerfile");
      break;
    default:
      image.set_base_image("debian:12");
      break;
  }
  for (uint64_t i = Below(4); i > 0; --i) *image.add_steps() = Step();
  if (OneIn(8)) image.add_context_hashes(OneIn(4) ? Text() : kHash);
  return image;
}

FakeHostFiles RandomImageFiles() {
  FakeHostFiles files;
  for (const char* path : {"/src/a.txt", "/src/a b.txt", "/src/proj/x.py", "/src/it's.txt", "/src/[id].tsx"}) {
    files.AddFile(path, "x");
  }
  files.AddFile("/src/Dockerfile", "FROM x\nCOPY a.txt /a\nCOPY <<EOF /b\nRUN x\nEOF\nRUN y");
  files.AddFile("/src/pyproject.toml", "[project]\ndependencies = ['x']\n");
  return files;
}

}  // namespace daytonad
