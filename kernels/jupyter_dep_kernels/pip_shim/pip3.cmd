@echo off
set "command=show"
if "%~1"=="install" set "command=add"
if "%~1"=="uninstall" set "command=remove"
>&2 echo pip cannot change a locked environment: only its lock decides what is installed
>&2 echo hint: `%%dep %command%` in a cell, `jupyter dep %command%` in a terminal
exit /b 1
