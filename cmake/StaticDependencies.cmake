# Everything but glibc goes into the programs. Debian's CMake packages name shared libraries; their targets are pointed at the
# archives of the same packages here, and keep the dependencies that they state. libcurl comes from .ci/static-deps.
#
# glibc stays shared: a program that brings its own still needs the machine's for DNS, and then of the very same version.
get_property(targets DIRECTORY PROPERTY IMPORTED_TARGETS)
foreach(target IN LISTS targets)
  foreach(property IN ITEMS IMPORTED_LOCATION IMPORTED_LOCATION_NONE IMPORTED_LOCATION_RELEASE)
    get_target_property(library ${target} ${property})
    string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${library}")
    if(library AND EXISTS "${archive}")
      set_target_properties(${target} PROPERTIES ${property} "${archive}")
    endif()
  endforeach()
endforeach()

# Known to pkg-config only, by its name.
set_target_properties(re2::re2 PROPERTIES INTERFACE_LINK_LIBRARIES "-l:libre2.a")

add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-static-libstdc++ -static-libgcc -Wl,--gc-sections -Wl,-z,pack-relative-relocs)
