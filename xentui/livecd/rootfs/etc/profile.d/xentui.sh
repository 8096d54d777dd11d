# xentui opens for whoever logs in on this machine's screen or serial line (on tty1 it opened before: see
# /usr/lib/xentui/first-screen); never over ssh, never in a shell inside a shell. Leaving it leaves a shell.
# XENTUI_NO_AUTOSTART=1 keeps it from opening.
case "$-" in
*i*)
    if [ -z "$SSH_CONNECTION$SUDO_USER$XENTUI_NO_AUTOSTART" ] && [ "$(id -un)" = livexen ]; then
        case "$(tty)" in
        /dev/tty1 | /dev/hvc0 | /dev/ttyS0)
            export XENTUI_NO_AUTOSTART=1
            # A serial line does not tell its size.
            [ "$(stty size)" = "0 0" ] && stty rows 24 columns 80
            # The guests wait until the table is there (xendomains.service.d/table.conf).
            sudo XENTUI_READY_FILE=/run/xenlive-table xentui
            echo "This is a shell of user livexen. 'sudo xentui' opens xentui again."
            ;;
        esac
    fi
    ;;
esac
