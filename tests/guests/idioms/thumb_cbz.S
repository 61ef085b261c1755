@ `cbz` and `cbnz` around calls, and as the last instruction before a function.
@ expect: call f site=b args=1
@ expect: return f result=2
@ expect: call f site=c args=2
@ expect: return f result=3
@ status: 3
#include "thumb.h"
        thumb_start
        movs    r0, #0
        cbz     r0, over
        bl      f                       @ never
a:
over:   movs    r0, #1
        cbz     r0, end
        bl      f
b:      cbnz    r0, 1f
        b       end
1:      bl      f
c:
end:    exit
function f
        adds    r0, #1
        bx      lr
