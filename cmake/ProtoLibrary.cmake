# daytonad_proto_library(NAME IMPORT_ROOT dir PROTOS a.proto ... [GRPC] [DEPS target ...])
#
# Makes NAME, the messages (no gRPC header reaches its users), and with GRPC also NAME_grpc, the service stubs.
# PROTOS are relative to IMPORT_ROOT, and that is also how generated headers are included. The target's properties
# DAYTONAD_IMPORT_ROOT and DAYTONAD_PROTOS repeat the two.
function(daytonad_proto_library NAME)
  cmake_parse_arguments(ARG "GRPC" "IMPORT_ROOT" "PROTOS;DEPS" ${ARGN})
  get_filename_component(root "${ARG_IMPORT_ROOT}" ABSOLUTE)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/gen")
  set(include_flags "-I${root}")
  foreach(dep IN LISTS ARG_DEPS)
    get_target_property(dep_root ${dep} DAYTONAD_IMPORT_ROOT)
    if(dep_root)
      list(APPEND include_flags "-I${dep_root}")
    endif()
  endforeach()
  set(message_sources)
  set(service_sources)
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem "${proto}")
    add_custom_command(
      OUTPUT "${out}/${stem}.pb.cc" "${out}/${stem}.pb.h"
      COMMAND ${CMAKE_COMMAND} -E make_directory "${out}"
      COMMAND protobuf::protoc ${include_flags} --cpp_out=${out} ${proto}
      DEPENDS "${root}/${proto}"
      VERBATIM)
    list(APPEND message_sources "${out}/${stem}.pb.cc")
    if(ARG_GRPC)
      add_custom_command(
        OUTPUT "${out}/${stem}.grpc.pb.cc" "${out}/${stem}.grpc.pb.h"
        COMMAND ${CMAKE_COMMAND} -E make_directory "${out}"
        COMMAND protobuf::protoc ${include_flags} --grpc_out=${out}
                --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${proto}
        DEPENDS "${root}/${proto}"
        VERBATIM)
      list(APPEND service_sources "${out}/${stem}.grpc.pb.cc")
    endif()
  endforeach()

  add_library(${NAME} STATIC ${message_sources})
  target_include_directories(${NAME} SYSTEM PUBLIC "$<BUILD_INTERFACE:${out}>")
  target_link_libraries(${NAME} PUBLIC protobuf::libprotobuf Threads::Threads ${ARG_DEPS})
  set_target_properties(${NAME} PROPERTIES DAYTONAD_IMPORT_ROOT "${root}" DAYTONAD_PROTOS "${ARG_PROTOS}")
  if(ARG_GRPC)
    add_library(${NAME}_grpc STATIC ${service_sources})
    target_link_libraries(${NAME}_grpc PUBLIC ${NAME} gRPC::grpc++)
  endif()
endfunction()

# daytonad_define_contract_files(TARGET): defines DAYTONAD_PROTO_FILES, the contract's .proto files, separated by commas,
# for tests that compare something with the whole contract.
function(daytonad_define_contract_files TARGET)
  get_target_property(protos daytonad_proto DAYTONAD_PROTOS)
  list(JOIN protos "," protos)
  target_compile_definitions(${TARGET} PRIVATE DAYTONAD_PROTO_FILES="${protos}")
endfunction()
