@echo off
set "verb=show"
if "%~1"=="install" set "verb=add"
if "%~1"=="uninstall" set "verb=remove"
>&2 echo pip does not change a locked environment: its lock decides what is in it
>&2 echo hint: `%%dep %verb%` in a cell, `jupyter dep %verb%` in a terminal
exit /b 1
