# What `cmake --install` copies, and where to:
#
#   bin/                       the programs
#   lib/                       the C++ client, static, and its CMake package
#   include/                   its headers and those of the contract
#   share/daytonad/            the contract: .proto files, descriptor set, service config for channels
#   share/doc/daytonad/        the licence
#
# Nothing that is installed names the build or the source folder; the tree may be moved (tests/install).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(DAYTONAD_INSTALL_DATADIR "${CMAKE_INSTALL_DATADIR}/daytonad")
set(DAYTONAD_INSTALL_CMAKEDIR "${CMAKE_INSTALL_LIBDIR}/cmake/daytonad")
# Headers of the client are installed below here under their names in this repository: daytonad/client/cpp/client.h.
set(DAYTONAD_INSTALL_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}/daytonad")

# daytonad_install_program(TARGET): a component of its name, so that a package may hold one program.
function(daytonad_install_program TARGET)
  install(TARGETS ${TARGET} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT ${TARGET})
endfunction()

# daytonad_export_library(TARGET [SET set])
#
# TARGET daytonad_NAME becomes daytonad::NAME, here as with find_package. SET is the set of targets of the package that it
# belongs to: `client`, which every user of the package gets, or `upload`, the component that needs further libraries.
# Its headers are those of its file set HEADERS, if it has one.
function(daytonad_export_library TARGET)
  cmake_parse_arguments(ARG "" "SET" "" ${ARGN})
  if(NOT ARG_SET)
    set(ARG_SET client)
  endif()
  string(REGEX REPLACE "^daytonad_" "" name "${TARGET}")
  add_library(daytonad::${name} ALIAS ${TARGET})
  set_target_properties(${TARGET} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(${TARGET} INTERFACE cxx_std_17)
  set(headers)
  get_target_property(header_sets ${TARGET} HEADER_SETS)
  if(header_sets)
    set(headers FILE_SET HEADERS DESTINATION "${DAYTONAD_INSTALL_INCLUDEDIR}" COMPONENT development)
  endif()
  install(
    TARGETS ${TARGET}
    EXPORT daytonad-${ARG_SET}-targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development
    ${headers}
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endfunction()

# daytonad_install_contract(TARGET): the .proto files of a proto library, its generated headers and its descriptor set.
function(daytonad_install_contract TARGET)
  get_target_property(root ${TARGET} DAYTONAD_IMPORT_ROOT)
  get_target_property(protos ${TARGET} DAYTONAD_PROTOS)
  set(descriptor_set "${CMAKE_CURRENT_BINARY_DIR}/daytonad.binpb")
  list(TRANSFORM protos PREPEND "${root}/" OUTPUT_VARIABLE files)
  add_custom_command(
    OUTPUT "${descriptor_set}"
    COMMAND protobuf::protoc "-I${root}" --include_imports --include_source_info "--descriptor_set_out=${descriptor_set}"
            ${protos}
    DEPENDS ${files}
    VERBATIM)
  add_custom_target(${TARGET}_descriptor_set ALL DEPENDS "${descriptor_set}")
  install(FILES "${descriptor_set}" DESTINATION "${DAYTONAD_INSTALL_DATADIR}" COMPONENT contract)
  foreach(proto IN LISTS protos)
    get_filename_component(folder "${proto}" DIRECTORY)
    install(FILES "${root}/${proto}" DESTINATION "${DAYTONAD_INSTALL_DATADIR}/proto/${folder}" COMPONENT contract)
  endforeach()
  install(
    DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/gen/"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    COMPONENT development
    FILES_MATCHING
    PATTERN "*.pb.h")
endfunction()

# The CMake package, when all libraries are exported.
function(daytonad_install_package)
  foreach(set IN ITEMS client upload)
    install(
      EXPORT daytonad-${set}-targets
      NAMESPACE daytonad::
      DESTINATION "${DAYTONAD_INSTALL_CMAKEDIR}"
      COMPONENT development)
  endforeach()
  configure_package_config_file(
    "${PROJECT_SOURCE_DIR}/cmake/daytonad-config.cmake.in" "${PROJECT_BINARY_DIR}/daytonad-config.cmake"
    INSTALL_DESTINATION "${DAYTONAD_INSTALL_CMAKEDIR}"
    PATH_VARS DAYTONAD_INSTALL_DATADIR)
  # Until 1.0 a minor version may break the C++ interface.
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/daytonad-config-version.cmake" COMPATIBILITY SameMinorVersion)
  install(
    FILES "${PROJECT_BINARY_DIR}/daytonad-config.cmake" "${PROJECT_BINARY_DIR}/daytonad-config-version.cmake"
    DESTINATION "${DAYTONAD_INSTALL_CMAKEDIR}"
    COMPONENT development)
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endfunction()
