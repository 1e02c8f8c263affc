# Installs the pinned clients beside the build (from the lock, without running their scripts) and runs the check.
file(MAKE_DIRECTORY "${WORK}")
file(COPY "${SOURCE}/package.json" "${SOURCE}/package-lock.json" "${SOURCE}/check.test.mjs" DESTINATION "${WORK}")
execute_process(COMMAND "${NPM}" ci --ignore-scripts --no-audit --no-fund --prefer-offline WORKING_DIRECTORY "${WORK}"
  RESULT_VARIABLE installed OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(installed)
  message(FATAL_ERROR "npm ci failed:\n${output}")
endif()
set(ENV{PATCHBAY_SANDBOX} "${PROGRAM}")
execute_process(COMMAND "${NODE}" --test check.test.mjs WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE checked)
if(checked)
  message(FATAL_ERROR "Google's clients do not agree with the sandbox")
endif()
